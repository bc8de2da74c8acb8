const TEXT = 0x81;
const CLOSE = 0x88;

/** What the frames in the bytes say; they must be whole, unmasked text frames. A close frame is given as its code. */
export function frameTexts(bytes: Buffer): string[] {
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const short = bytes[at + 1] as number;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    const size =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : Number(bytes.readBigUInt64BE(at + 2));
    const payload = bytes.subarray(at + head, at + head + size);
    if (payload.length !== size) throw new Error(`The frame at ${at} is cut.`);
    if (bytes[at] === TEXT) texts.push(payload.toString());
    else if (bytes[at] === CLOSE) texts.push(`close ${payload.readUInt16BE(0)}`);
    else throw new Error(`The frame at ${at} begins with ${bytes[at]}.`);
    at += head + size;
  }
  return texts;
}
