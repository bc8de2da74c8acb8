import { Readable } from 'node:stream';
import {
  type FormRequest,
  readLogoutForm,
} from '../../src/adapter/back-channel-logout.controller.js';

const FORM = 'application/x-www-form-urlencoded';

function form(body: unknown, headers: FormRequest['headers'] = {}): FormRequest {
  return { headers: { 'content-type': FORM, ...headers }, body };
}

/** A request whose body nobody has read. */
function reading(body: string, headers: FormRequest['headers'] = {}): FormRequest {
  return Object.assign(Readable.from([Buffer.from(body)]), form(undefined, headers));
}

function broken(): FormRequest {
  const body = new Readable({ read: () => {} });
  body.push('logout_token=');
  setImmediate(() => body.destroy(new Error('aborted')));
  return Object.assign(body, form(undefined));
}

function spent(): FormRequest {
  const body = Readable.from([]);
  body.destroy();
  return Object.assign(body, form(undefined));
}

describe('readLogoutForm', () => {
  it.each<[string, FormRequest]>([
    ['a form', form({ logout_token: 'a.b.c' })],
    [
      'a form without a prototype',
      form(Object.assign(Object.create(null), { logout_token: 'a.b.c' })),
    ],
    ['other members', form({ logout_token: 'a.b.c', state: 'x', more: ['y'] })],
    ['a charset', form({ logout_token: 'a.b.c' }, { 'content-type': `${FORM}; charset=UTF-8` })],
    ['other letters', form({ logout_token: 'a.b.c' }, { 'content-type': FORM.toUpperCase() })],
    ['text that a parser of the app kept', form('x=y&logout_token=a.b.c')],
    ['bytes that a parser of the app kept', form(Buffer.from('logout_token=a.b.c'))],
    ['a body that no parser has read', reading('logout_token=a.b.c')],
    ['a length', form({ logout_token: 'a.b.c' }, { 'content-length': '8192' })],
  ])('takes %s', async (_what, request) => {
    expect(await readLogoutForm(request)).toBe('a.b.c');
  });

  it.each<[string, FormRequest]>([
    ['no type', { headers: {}, body: { logout_token: 'a.b.c' } }],
    ['JSON', form({ logout_token: 'a.b.c' }, { 'content-type': 'application/json' })],
    ['a type that begins alike', form({ logout_token: 'a' }, { 'content-type': `${FORM}x` })],
    ['no body', form(undefined)],
    ['null', form(null)],
    ['text without a token', form('x=a.b.c')],
    ['text with two tokens', form('logout_token=a.b.c&logout_token=a.b.c')],
    ['more than 8 KiB of text', form(`logout_token=a.b.c&x=${'y'.repeat(8_192)}`)],
    [
      'a body that is read here, compressed',
      reading('logout_token=a', { 'content-encoding': 'gzip' }),
    ],
    ['more than 8 KiB, read here', reading(`logout_token=a.b.c&x=${'y'.repeat(8_192)}`)],
    ['a body that breaks off', broken()],
    ['a body that was read already', spent()],
    ['no token', form({ token: 'a.b.c' })],
    ['a token of the prototype', form(Object.create({ logout_token: 'a.b.c' }))],
    ['two tokens', form({ logout_token: ['a.b.c', 'a.b.c'] })],
    ['a nested token', form({ logout_token: { x: 'a.b.c' } })],
    ['a length of more than 8 KiB', form({ logout_token: 'a' }, { 'content-length': '8193' })],
    ['a token of more than 8 KiB', form({ logout_token: 'a'.repeat(8_193) })],
    ['8 KiB beside the token', form({ logout_token: 'a.b.c', x: 'y'.repeat(8_192) })],
  ])('refuses %s', async (_what, request) => {
    expect(await readLogoutForm(request)).toBeUndefined();
  });
});
