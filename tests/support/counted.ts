import { type MachineEffect, onEffects } from '../../src/core/kernel/effects.ts';

/** How many programs were started and how often a disk was waited for. */
export interface Counted {
  programs: number;
  syncs: number;
}

/** Counts the effects of this process until it is disposed of, in parts. */
export class EffectCounter {
  readonly #effects: (MachineEffect & { part: string })[] = [];
  readonly #listening: Disposable;
  #part: string;

  constructor(part = '') {
    this.#part = part;
    this.#listening = onEffects((effect) => {
      const agent = AGENT.exec(effect.what)?.[1];
      if (agent !== undefined) this.begin(`agent ${agent}`);
      else this.#effects.push({ ...effect, part: isOfBaseRun() ? BASE_RUN : this.#part });
    });
  }

  /**
   * Later effects belong to another part. An agent that starts begins one too, `agent <iteration>`; the checks on the
   * base commit, which run in the background, are the part `base run`.
   */
  begin(part: string): void {
    this.#part = part;
  }

  /** @param isLeftOut effects that belong to another part, such as a check in the background */
  of(part: string, isLeftOut: (what: string) => boolean = () => false): Counted {
    const effects = this.#effects.filter((each) => each.part === part && !isLeftOut(each.what));
    const programs = effects.filter(({ kind }) => kind === 'program').length;
    return { programs, syncs: effects.length - programs };
  }

  /** The effects of a part, one a line, for the message of a test that fails and for people. */
  list(part: string): string[] {
    return this.#effects
      .filter((each) => each.part === part)
      .map(({ kind, what }) => `${kind} ${what.replaceAll(/ -c [a-zA-Z.]+=\S*/g, '').slice(0, 200)}`);
  }

  parts(): string[] {
    return [...new Set(this.#effects.map(({ part }) => part))];
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

/** The name of the wrapper that starts an agent ends with its iteration. */
const AGENT = /^agent samocode-child-\w+-(\d+)/;

const BASE_RUN = 'base run';

/** Whether the code that started the background checks waits for this effect. */
function isOfBaseRun(): boolean {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = Number.POSITIVE_INFINITY;
  const { stack = '' } = new Error('an effect');
  Error.stackTraceLimit = stackTraceLimit;
  return stack.includes('/judge/base-run.ts');
}
