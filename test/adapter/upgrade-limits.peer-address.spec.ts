import { addressGroup, PeerAddresses } from '../../src/adapter/upgrade-limits.js';

describe('PeerAddresses', () => {
  const warned: string[] = [];
  const of = (hops: number, headers: Record<string, string | string[]>): string | undefined => {
    const addresses = new PeerAddresses(hops, (line) => void warned.push(line));
    const rawHeaders = Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().flatMap((value) => [name, value]),
    );
    return addresses.of({ rawHeaders, socket: { remoteAddress: '10.0.0.9' } } as never);
  };
  beforeEach(() => warned.splice(0));

  it.each<[string, string[], number, string]>([
    ['ignore what anybody may claim', ['1.1.1.1'], 0, '10.0.0.9'],
    ['take what the only proxy has seen', ['6.6.6.6, 2.2.2.2'], 1, '2.2.2.2'],
    ['take what the outer of two has seen', ['6.6.6.6, 2.2.2.2, 10.0.0.1'], 2, '2.2.2.2'],
    ['read several headers as one list', ['6.6.6.6', '2.2.2.2'], 1, '2.2.2.2'],
    ['take an address with a port', ['203.0.113.9:51234'], 1, '203.0.113.9'],
    ['take IPv6 with a port', ['[2001:db8::1]:443'], 1, '2001:db8::1'],
    ['take IPv6 in brackets', ['[2001:db8::1]'], 1, '2001:db8::1'],
    ['take IPv6', ['2001:db8::1'], 1, '2001:db8::1'],
    ['take the peer where nothing was added', [], 1, '10.0.0.9'],
    ['take the peer where fewer proxies have spoken', ['2.2.2.2'], 2, '10.0.0.9'],
    ['take the peer where it is no address', ['unknown'], 1, '10.0.0.9'],
    ['take the peer where it is nothing', [''], 1, '10.0.0.9'],
  ])('%s', (_, forwarded, hops, expected) => {
    expect(of(hops, { 'X-Forwarded-For': forwarded })).toBe(expected);
  });

  it.each<[string, number, Record<string, string>, string]>([
    ['X-Forwarded-For alone', 1, { 'X-Forwarded-For': '6.6.6.6, 2.2.2.2' }, '2.2.2.2'],
    ['Forwarded alone', 1, { Forwarded: 'for=6.6.6.6, for=2.2.2.2' }, '2.2.2.2'],
    [
      'both that agree',
      1,
      { 'X-Forwarded-For': '2.2.2.2:80', Forwarded: 'for=2.2.2.2' },
      '2.2.2.2',
    ],
    [
      'both that agree in other letters',
      1,
      { 'X-Forwarded-For': '2001:db8::1', Forwarded: 'for="[2001:DB8:0::1]:4711"' },
      '2001:db8::1',
    ],
    [
      'X-Forwarded-For beside a Forwarded that names no client',
      1,
      { 'X-Forwarded-For': '2.2.2.2', Forwarded: 'host=chat.test;proto=https' },
      '2.2.2.2',
    ],
    [
      'Forwarded beside an empty one',
      1,
      { 'X-Forwarded-For': '', Forwarded: 'for=2.2.2.2' },
      '2.2.2.2',
    ],
  ])('believe %s', (_what, hops, headers, expected) => {
    expect(of(hops, headers)).toBe(expected);
    expect(warned).toEqual([]);
  });

  it.each<[string, number, Record<string, string>]>([
    ['another address', 1, { 'X-Forwarded-For': '6.6.6.6', Forwarded: 'for=2.2.2.2' }],
    ['no proxy that is known', 1, { 'X-Forwarded-For': '2.2.2.2', Forwarded: 'for=unknown' }],
    ['nothing that is well formed', 1, { 'X-Forwarded-For': '6.6.6.6', Forwarded: 'for="2' }],
    ['fewer proxies', 2, { 'X-Forwarded-For': '6.6.6.6, 7.7.7.7', Forwarded: 'for=2.2.2.2' }],
    ['more proxies', 2, { 'X-Forwarded-For': '2.2.2.2', Forwarded: 'for=6.6.6.6, for=7.7.7.7' }],
  ])('count the peer, and say so once, where the other header names %s', (_what, hops, headers) => {
    expect(of(hops, headers)).toBe('10.0.0.9');
    expect(warned).toEqual([expect.stringContaining('delete the header that it does not write')]);
    expect(warned[0]).not.toMatch(/\d\.\d/);
  });
});

describe('addressGroup', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:1.2.3.4', '1.2.3.4'],
    ['::ffff:0102:0304', '1.2.3.4'],
    ['0:0:0:0:0:FFFF:102:304', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('of %s is %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it('is one for all that nobody knows the address of', () => {
    expect(addressGroup(undefined)).toBe('');
  });
});
