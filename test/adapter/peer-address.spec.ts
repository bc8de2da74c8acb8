import { addressGroup, peerAddress } from '../../src/adapter/peer-address.js';

describe('peerAddress', () => {
  it.each<[string, string[], number, string]>([
    ['ignores what anybody may claim', ['1.1.1.1'], 0, '10.0.0.9'],
    ['takes what the only proxy has seen', ['6.6.6.6, 2.2.2.2'], 1, '2.2.2.2'],
    ['takes what the outer of two has seen', ['6.6.6.6, 2.2.2.2, 10.0.0.1'], 2, '2.2.2.2'],
    ['reads several headers as one list', ['6.6.6.6', '2.2.2.2'], 1, '2.2.2.2'],
    ['takes an address with a port', ['203.0.113.9:51234'], 1, '203.0.113.9'],
    ['takes IPv6 with a port', ['[2001:db8::1]:443'], 1, '2001:db8::1'],
    ['takes IPv6 in brackets', ['[2001:db8::1]'], 1, '2001:db8::1'],
    ['takes IPv6', ['2001:db8::1'], 1, '2001:db8::1'],
    ['takes the peer where nothing was added', [], 1, '10.0.0.9'],
    ['takes the peer where fewer proxies have spoken', ['2.2.2.2'], 2, '10.0.0.9'],
    ['takes the peer where it is no address', ['unknown'], 1, '10.0.0.9'],
    ['takes the peer where it is nothing', [''], 1, '10.0.0.9'],
  ])('%s', (_, forwarded, hops, expected) => {
    expect(peerAddress('10.0.0.9', forwarded, hops)).toBe(expected);
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
