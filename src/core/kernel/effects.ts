/** What costs time on any machine: a program that samocode starts, or bytes that it waits for on disk. */
export interface MachineEffect {
  kind: 'program' | 'sync';
  /** The program with its first words, or the path. */
  what: string;
}

const listeners = new Set<(effect: MachineEffect) => void>();

/** Tells `listen` of each effect of this process, for tests and benchmarks that count them. */
export function onEffects(listen: (effect: MachineEffect) => void): Disposable {
  listeners.add(listen);
  return {
    [Symbol.dispose]() {
      listeners.delete(listen);
    },
  };
}

export function noteProgram(file: string, args: readonly string[]): void {
  note('program', [file, ...args].join(' '));
}

export function noteSync(path: string): void {
  note('sync', path);
}

function note(kind: MachineEffect['kind'], what: string): void {
  for (const listen of listeners) listen({ kind, what });
}
