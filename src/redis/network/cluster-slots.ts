import type { RedisAddress, RedisReply } from './connection.js';

/** Slots that Redis Cluster distributes keys over. */
export const SLOTS = 16_384;

const CRC16 = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The slot of a hash tag: CRC16 (XMODEM) of its bytes, as the Redis Cluster specification says. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) crc = (crc << 8) ^ (CRC16[((crc >> 8) ^ byte) & 0xff] ?? 0);
  return (crc & 0xffff) % SLOTS;
}

/** Who is responsible for each slot, by the answer to `CLUSTER SLOTS` of a process at `asked`. `reachedAt`: where an announced address is reached. */
export function ownersIn(
  reply: RedisReply,
  asked: RedisAddress,
  reachedAt: (announced: RedisAddress) => RedisAddress = (announced) => announced,
): Map<number, RedisAddress> {
  const owners = new Map<number, RedisAddress>();
  for (const row of Array.isArray(reply) ? (reply as RedisReply[]) : []) {
    const [first, last, master] = row as [number, number, RedisReply[] | undefined];
    if (!Array.isArray(master)) continue;
    const [host, port] = master;
    // Without a host it is the one that was asked.
    const owner = reachedAt({ host: String(host ?? '') || asked.host, port: Number(port) });
    for (let slot = Math.max(first, 0); slot <= last && slot < SLOTS; slot++)
      owners.set(slot, owner);
  }
  return owners;
}
