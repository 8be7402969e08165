/** What costs time on any machine: a program that samocode starts, or bytes that it waits for on disk. */
export interface Effect {
  kind: 'program' | 'sync';
  /** The program with its first words, or the path. */
  what: string;
}

let listener: ((effect: Effect) => void) | undefined;

/** Tells `listen` of each effect of this process, for tests and benchmarks that count them. */
export function onEffects(listen: (effect: Effect) => void): Disposable {
  listener = listen;
  return {
    [Symbol.dispose]() {
      listener = undefined;
    },
  };
}

export function noteProgram(file: string, args: readonly string[]): void {
  listener?.({ kind: 'program', what: [file, ...args].join(' ') });
}

export function noteSync(path: string): void {
  listener?.({ kind: 'sync', what: path });
}
