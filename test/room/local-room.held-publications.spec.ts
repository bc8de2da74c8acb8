import { behind } from '../support/placed.js';
import { HeldPublications } from '../../src/room/local-room.js';

const frame = (bytes: number): Buffer => Buffer.alloc(bytes);
const befores = (held: HeldPublications, offset: number): number[] =>
  held.after(offset).map(({ before }) => before);

describe('HeldPublications', () => {
  let held: HeldPublications;
  beforeEach(
    () =>
      (held = new HeldPublications(
        { offset: 4, epoch: 'e', connectionId: 'c' },
        { bytes: 0, maxBytes: 200 },
      )),
  );

  it('gives what was said behind an offset, in order', () => {
    expect([held.before, befores(held, 0)]).toEqual([undefined, []]);
    for (const before of [7, 8, 9]) held.add({ frame: frame(10), ...behind(before) });
    expect(held.before).toBe(7);
    expect(befores(held, 0)).toEqual([7, 8, 9]);
    expect(befores(held, 8)).toEqual([8, 9]);
    expect(befores(held, 10)).toEqual([]);
  });

  it('holds as many bytes as it may, and with one more it lets all go and holds no more', () => {
    held.add({ frame: frame(60), ...behind(4) });
    held.add({ frame: frame(40), ...behind(5) });
    expect([held.isIncomplete, befores(held, 0)]).toEqual([false, [4, 5]]);
    held.add({ frame: frame(1), ...behind(6) });
    expect([held.isIncomplete, befores(held, 0)]).toEqual([true, []]);
    held.add({ frame: frame(1), ...behind(7) });
    expect([held.isIncomplete, befores(held, 0), held.before]).toEqual([true, [], undefined]);
  });

  it('holds no more than the other rooms of the member leave, and gives back what it has', () => {
    const budget = { bytes: 0, maxBytes: 200 };
    const [one, two, three] = [0, 1, 2].map(
      (offset) => new HeldPublications({ offset, epoch: 'e' }, budget),
    ) as [HeldPublications, HeldPublications, HeldPublications];
    for (const each of [one, two]) each.add({ frame: frame(90), ...behind(4) });
    three.add({ frame: frame(21), ...behind(4) });
    expect([three.isIncomplete, budget.bytes]).toEqual([true, 180]);
    one.restart();
    two.rewind({ offset: 0, epoch: 'e' });
    expect(budget.bytes).toBe(0);
    three.restart();
    three.add({ frame: frame(100), ...behind(4) });
    expect([three.isIncomplete, budget.bytes]).toEqual([false, 100]);
    three.letGo();
    expect(budget.bytes).toBe(0);
  });

  it('begins anew with all its bytes, from where the member is', () => {
    held.add({ frame: frame(101), ...behind(4) });
    held.restart();
    expect(held.isIncomplete).toBe(false);
    held.add({ frame: frame(100), ...behind(9) });
    expect([held.isIncomplete, befores(held, 0)]).toEqual([false, [9]]);
    expect(held.from).toEqual({ offset: 4, epoch: 'e', connectionId: 'c' });
  });

  it('goes further back when more was lost, but not forward, and keeps whose it is', () => {
    held.rewind({ offset: 6, epoch: 'e' });
    expect([held.isIncomplete, held.from.offset]).toEqual([true, 4]);
    held.restart();
    held.rewind({ offset: 2, epoch: 'e' });
    expect([held.isIncomplete, held.from]).toEqual([
      true,
      { offset: 2, epoch: 'e', connectionId: 'c' },
    ]);
  });

  it('leads on from nowhere when the losses are of different epochs', () => {
    held.add({ frame: frame(1), ...behind(4) });
    held.rewind({ offset: 1, epoch: 'other' });
    expect([held.isIncomplete, held.from.epoch, held.before]).toEqual([true, '', undefined]);
  });

  it('keeps what is no publication, wherever the history has got to', () => {
    const news = { frame: frame(1), before: 5, offset: 5 };
    held.add(news);
    held.add({ frame: frame(2), ...behind(5) });
    held.restart();
    expect(held.after(9)).toEqual([news]);
  });
});
