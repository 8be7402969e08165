import { emitKeypressEvents, type Interface } from 'node:readline';
import type { Output } from './output.ts';

/** A key that was pressed; `name` as readline has it (`up`, `return`, `q`), or the letter itself (`G`, `?`). */
export interface Key {
  name: string;
  ctrl: boolean;
}

export type ScreenEvent =
  | { kind: 'key'; key: Key }
  /** It has another size, or shows something else than it was given: everything is to be drawn. */
  | { kind: 'redraw' };

/** The whole of a terminal, for as long as something live is shown in it. */
export interface WholeScreen {
  /** Takes the terminal, or takes it again. */
  open(): void;
  /** Gives the terminal back as it was found; harmless when that was done before. */
  close(): void;
  /** Stops the program as Ctrl-Z does, and goes on when the shell continues it. */
  suspend(): void;
}

type Signals = Pick<NodeJS.Process, 'on' | 'off' | 'kill' | 'platform'>;

export interface ScreenPlace {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  output: Output;
  process: Signals;
  /** Ends the program: nobody reads or types any more. */
  gone: () => void;
}

interface Pressed {
  name?: string;
  ctrl?: boolean;
  shift?: boolean;
  sequence?: string;
}

/** How long a lone Esc may be the beginning of an arrow. */
const ESCAPE_MS = 50;

/** @param heard called for what happens while the screen is open */
export function newWholeScreen(
  { stdin, stdout, output, process: signals, gone }: ScreenPlace,
  heard: (event: ScreenEvent) => void,
): WholeScreen {
  // The timeout is all that is read of an interface.
  emitKeypressEvents(stdin, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
  let isOpen = false;
  let isPasting = false;
  const pressed = (
    _text: string | undefined,
    { name, ctrl = false, shift = false, sequence = '' }: Pressed,
  ) => {
    if (name === 'paste-start' || name === 'paste-end') isPasting = name === 'paste-start';
    // What is pasted was meant for another window: its letters are no commands.
    else if (!isPasting) heard({ kind: 'key', key: { name: shift ? sequence : (name ?? sequence), ctrl } });
  };
  const redraw = () => {
    output.forgetScreen();
    heard({ kind: 'redraw' });
  };
  // For good: a read may be under way when the screen is closed, and fail in a terminal that is closed next.
  const ended = () => {
    if (isOpen) gone();
  };
  stdin.on('error', ended).on('end', ended).on('close', ended);
  // Node believes that the terminal is still raw, which the shell has undone meanwhile.
  const takeKeys = () => {
    stdin.setRawMode(false);
    stdin.setRawMode(true);
  };
  const continued = () => {
    takeKeys();
    output.openScreen();
    redraw();
  };
  const screen: WholeScreen = {
    open() {
      if (isOpen) return;
      isOpen = true;
      isPasting = false;
      stdin.on('keypress', pressed);
      stdout.on('resize', redraw);
      signals.on('SIGCONT', continued).on('SIGTSTP', screen.suspend);
      takeKeys();
      stdin.resume();
      output.openScreen();
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      signals.off('SIGCONT', continued).off('SIGTSTP', screen.suspend);
      stdout.off('resize', redraw);
      stdin.off('keypress', pressed);
      stdin.pause();
      if (!stdin.destroyed) stdin.setRawMode(false);
      output.endLive();
    },
    suspend() {
      if (!isOpen || signals.platform === 'win32') return;
      stdin.setRawMode(false);
      output.endLive();
      signals.off('SIGTSTP', screen.suspend);
      // The group, as the terminal itself does: a program that has started us is to stop, too.
      signals.kill(0, 'SIGTSTP');
      // Here again after a SIGCONT, or at once where nobody could continue us and the system lets no program stop.
      signals.on('SIGTSTP', screen.suspend);
      continued();
    },
  };
  return screen;
}
