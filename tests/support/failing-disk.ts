import { type FileHandle, open } from 'node:fs/promises';

/** What the disk does from its nth write on: it takes some bytes of that one, then says that it is full. */
export interface DiskPlan {
  /** The write that is cut short, counted from 1; those behind it fail whole. */
  atWrite: number;
  bytes: number;
}

type Write = (
  data: Uint8Array,
  from: number,
  length: number,
) => Promise<{ bytesWritten: number; buffer: Uint8Array }>;

/** Lets every write of an open file fail as a full disk makes it fail, until it is disposed (freed). */
export async function fullDisk({ atWrite, bytes }: DiskPlan): Promise<Disposable & { failed(): boolean }> {
  const handle = await open('/dev/null', 'r');
  const prototype = Object.getPrototypeOf(handle) as { write: Write };
  await handle.close();
  const real = prototype.write;
  let count = 0;
  prototype.write = async function (this: FileHandle, data, from, length) {
    count += 1;
    if (count < atWrite) return await real.call(this, data, from, length);
    if (count === atWrite && bytes > 0) return await real.call(this, data, from, Math.min(bytes, length));
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  return {
    failed: () => count > atWrite || (count === atWrite && bytes === 0),
    [Symbol.dispose]() {
      prototype.write = real;
    },
  };
}
