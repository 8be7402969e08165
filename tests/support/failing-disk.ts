import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** The behaviour of the disk from its nth write on: it takes some bytes of that write, then reports that it is full. */
export interface DiskPlan {
  /** The write that is cut short, counted from 1; later ones fail completely. */
  atWrite: number;
  bytes: number;
}

type Write = (descriptor: number, data: Uint8Array, from: number, length: number) => number;

/** Makes every write to an open file fail as on a full disk, until it is disposed (freed). */
export function fullDisk({ atWrite, bytes }: DiskPlan): Disposable & { failed(): boolean } {
  const real: Write = fs.writeSync;
  let count = 0;
  replaceWrite((descriptor, data, from, length) => {
    count += 1;
    if (count < atWrite) return real(descriptor, data, from, length);
    if (count === atWrite && bytes > 0) return real(descriptor, data, from, Math.min(bytes, length));
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  });
  return {
    failed: () => count > atWrite || (count === atWrite && bytes === 0),
    [Symbol.dispose]: () => replaceWrite(real),
  };
}

function replaceWrite(write: Write): void {
  Object.assign(fs, { writeSync: write });
  syncBuiltinESMExports();
}

const ASKED = ['stat', 'readdir', 'opendir', 'readFile', 'lstat', 'realpath', 'access'] as const;

/** Makes each look below a folder hang, as on a network mount that is gone, until it is disposed. */
export function silentDisk(root: string): Disposable & { asked(): number } {
  const real = Object.fromEntries(ASKED.map((name) => [name, promises[name]]));
  let count = 0;
  let answer = () => {};
  const answered = new Promise<void>((done) => {
    answer = done;
  });
  const hanging = ASKED.map((name) => [
    name,
    (path: string, ...more: unknown[]) => {
      const act = () => (real[name] as (...all: unknown[]) => unknown)(path, ...more);
      if (!`${path}/`.startsWith(`${root}/`)) return act();
      count += 1;
      return answered.then(act);
    },
  ]);
  replace(Object.fromEntries(hanging));
  return {
    asked: () => count,
    [Symbol.dispose]() {
      replace(real);
      answer();
    },
  };
}

function replace(functions: object): void {
  Object.assign(promises, functions);
  syncBuiltinESMExports();
}
