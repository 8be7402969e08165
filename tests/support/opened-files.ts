import fs, { type PathLike } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Notes the path of each file that this process opens synchronously, as our readers do, until it is disposed. */
export function openedFiles(): Disposable & { paths: string[] } {
  const real = fs.openSync;
  const paths: string[] = [];
  replaceOpen((path: PathLike, ...rest) => {
    paths.push(String(path));
    return real(path, ...rest);
  });
  return { paths, [Symbol.dispose]: () => replaceOpen(real) };
}

function replaceOpen(open: typeof fs.openSync): void {
  Object.assign(fs, { openSync: open });
  syncBuiltinESMExports();
}
