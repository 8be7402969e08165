import { PassThrough } from 'node:stream';
import type { Menus } from '../../../../src/core/faces/terminal/cli.ts';
import { newMenus } from '../../../../src/core/faces/terminal/menus.ts';

export const KEY = {
  up: '\u001b[A',
  down: '\u001b[B',
  enter: '\r',
  space: ' ',
  escape: '\u001b',
  ctrlC: '\u0003',
  ctrlD: '\u0004',
};

export interface Keyboard {
  menus: Menus;
  /** The text sent to the terminal. */
  shown: () => string;
}

/** Menus on a separate terminal, where each question receives the next entry of `keys`. */
export function keyboard(
  keys: string[],
  { colourful = false, interrupted = new AbortController().signal } = {},
): Keyboard {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
  const pieces: Buffer[] = [];
  stdout.on('data', (bytes: Buffer) => pieces.push(bytes));
  const menus = newMenus({ stdin, stdout, colourful, interrupted });
  const pressing = <T>(answer: Promise<T>): Promise<T> => {
    setImmediate(() => stdin.write(keys.shift() ?? KEY.escape));
    return answer;
  };
  return {
    shown: () => Buffer.concat(pieces).toString('utf8'),
    menus: {
      choose: (...asked) => pressing(menus.choose(...asked)),
      chooseSeveral: (...asked) => pressing(menus.chooseSeveral(...asked)),
      write: (...asked) => pressing(menus.write(...asked)),
      secret: (...asked) => pressing(menus.secret(...asked)),
      confirm: (...asked) => pressing(menus.confirm(...asked)),
      pause: (...asked) => pressing(menus.pause(...asked)),
    },
  };
}
