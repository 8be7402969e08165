import { Writable } from 'node:stream';
import {
  type CANCEL_SYMBOL,
  confirm,
  isCancel,
  multiselect,
  password,
  select,
  selectKey,
  text,
  updateSettings,
} from '@clack/prompts';
import { LinkedController } from '../../kernel/processes/linked-controller.ts';
import type { Menus } from './cli.ts';
import type { Stream } from './output.ts';

export interface MenuOptions {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: Stream;
  colourful: boolean;
  interrupted: AbortSignal;
}

/** Menus from @clack/prompts, loaded at the first question because the import takes 20 ms. */
export function newMenus({ stdin, stdout, colourful, interrupted }: MenuOptions): Menus {
  updateSettings({ aliases: { '\u0004': 'cancel' } });
  const streams = { input: stdin as NodeJS.ReadStream, output: screenOn(stdout, colourful) };
  const ask = async <T>(
    show: (common: typeof streams & { signal: AbortSignal }) => Promise<T | typeof CANCEL_SYMBOL>,
  ) => {
    interrupted.throwIfAborted();
    using ended = new LinkedController(interrupted);
    const answer = await show({ ...streams, signal: ended.signal });
    interrupted.throwIfAborted();
    return isCancel(answer) ? undefined : answer;
  };
  return {
    choose: (message, options, initialValue) =>
      ask((common) => select({ ...common, message, options, initialValue })),
    chooseSeveral: (message, options, initialValues) =>
      ask((common) => multiselect({ ...common, message, options, initialValues })),
    write: (message, validate) =>
      ask((common) => text({ ...common, message, validate: (typed = '') => validate(typed) })),
    secret: (message) => ask((common) => password({ ...common, message })),
    confirm: (message, enter = false) =>
      ask((common) => confirm({ ...common, message, initialValue: enter })),
    pause: (label) =>
      ask((common) =>
        selectKey({ ...common, message: 'Press q or Enter', options: [{ value: 'q', label }] }),
      ),
  };
}

/** The library supports NO_COLOR but not `--no-color`, and a terminal may report 0 columns. */
function screenOn(stdout: Stream, colourful: boolean): Stream {
  const screen: Stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      stdout.write(colourful ? chunk : chunk.replace(COLOURS, ''));
      done();
    },
  });
  stdout.on('resize', () => screen.emit('resize'));
  return Object.defineProperties(screen, {
    columns: { get: () => stdout.columns || 80 },
    rows: { get: () => stdout.rows || 24 },
    isTTY: { value: stdout.isTTY },
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences begin with ESC
const COLOURS = /\u001b\[[\d;]*m/g;
