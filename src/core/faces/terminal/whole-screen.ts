import { emitKeypressEvents, type Interface } from 'node:readline';
import type { Output } from './output.ts';

/** A pressed key; `name` as in readline (`up`, `return`, `q`), or the character itself (`G`, `?`). */
export interface Key {
  name: string;
  ctrl: boolean;
}

export type ScreenEvent =
  | { kind: 'key'; key: Key }
  /** The size changed or the content was lost: draw everything. */
  | { kind: 'redraw' };

export interface WholeScreen {
  open(): void;
  /** Restores the terminal; may be called again. */
  close(): void;
  /** Suspends the program like Ctrl-Z; it resumes when the shell continues it. */
  suspend(): void;
}

type Signals = Pick<NodeJS.Process, 'on' | 'off' | 'kill' | 'platform'>;

export interface ScreenOptions {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  output: Output;
  process: Signals;
  /** Called when the terminal is gone; ends the program. */
  gone: () => void;
}

interface Pressed {
  name?: string;
  ctrl?: boolean;
  shift?: boolean;
  sequence?: string;
}

/** The time to wait for the rest of an escape sequence after an Esc. */
const ESCAPE_MS = 50;

/** @param listener called for each event while the screen is open */
export function newWholeScreen(
  { stdin, stdout, output, process: signals, gone }: ScreenOptions,
  listener: (event: ScreenEvent) => void,
): WholeScreen {
  // Node uses only the timeout of this interface.
  emitKeypressEvents(stdin, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
  let isOpen = false;
  let isPasting = false;
  const pressed = (
    _text: string | undefined,
    { name, ctrl = false, shift = false, sequence = '' }: Pressed,
  ) => {
    if (name === 'paste-start' || name === 'paste-end') isPasting = name === 'paste-start';
    // Pasted text must not run commands.
    else if (!isPasting)
      listener({ kind: 'key', key: { name: shift ? sequence : (name ?? sequence), ctrl } });
  };
  const redraw = () => {
    output.forgetScreen();
    listener({ kind: 'redraw' });
  };
  // Never removed: a read pending at close() may fail later, when the terminal closes.
  const ended = () => {
    if (isOpen) gone();
  };
  stdin.on('error', ended).on('end', ended).on('close', ended);
  // Node's state says that the terminal is still raw, but the shell has reset it.
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
      // Stop the whole group, as the terminal does: the program that started this one must stop too.
      signals.kill(0, 'SIGTSTP');
      // Reached after SIGCONT, or at once in an orphaned process group, which the system does not stop.
      signals.on('SIGTSTP', screen.suspend);
      continued();
    },
  };
  return screen;
}
