import { Refusal } from 'nestjs-roomgate';
import { refusalEvent } from '../../src/adapter/refusal.js';

describe('A refusal as an audit event', () => {
  it('cuts what an extractor of the application remarks', () => {
    const remark = `line\n${'x'.repeat(100)}`;
    const event = refusalEvent(
      new Refusal('no_token', undefined, undefined, undefined, remark),
      'id',
    );
    expect(event.reason).toBe('no_token');
    expect(event.remark).toMatch(/^[ -~]{1,64}$/);
  });

  it('has no remark when there was none', () => {
    expect(refusalEvent(new Refusal('no_token'), 'id').remark).toBeUndefined();
  });
});
