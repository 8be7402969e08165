import type { Clock } from '../../core/kernel/clock.ts';
import { definedOnly } from '../../core/kernel/defined-only.ts';
import { runCommand } from '../../core/kernel/processes/run-command.ts';
import { saidBy } from '../../core/kernel/said.ts';
import { isOnBattery } from './on-battery.ts';
import { keepAwake } from './settings.ts';

/** The first of these that is on PATH holds off idle sleep while the command behind it runs. */
const HOLDERS: ReadonlyArray<[program: string, args: readonly string[]]> = [
  // Not `sleep`: with it, the machine also ignores a suspend by hand.
  ['systemd-inhibit', ['--what=idle', '--mode=block', '--who=samocode', '--why=A session works']],
  ['caffeinate', ['-i']],
];
/** Started once the holder holds. Its input ends with this process, however that ends. */
const WHILE_HELD = ['sh', '-c', 'echo held; exec cat'];
const ANSWER_MS = 10_000;
/** How often the battery is looked at. */
const LOOK_MS = 60_000;

/** `text`: a sentence for the person. */
export interface Sleep {
  isHeld: boolean;
  text: string;
}

export interface AwakeOptions {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  clock: Clock;
  /** See `isOnBattery`. */
  supplies?: string;
}

/** Holds off idle sleep by a helper process, which ends with this one. */
export class Awake {
  readonly #options: AwakeOptions;
  #wish: { keep: 'yes' | 'no' | undefined; lookedAtMs: number } | undefined;
  #helper: AbortController | undefined;
  #sleep: Sleep | undefined;

  constructor(options: AwakeOptions) {
    this.#options = options;
  }

  /** What is known of it; undefined while nothing is wanted, or its program has not answered. */
  get sleep(): Sleep | undefined {
    return this.#sleep;
  }

  /** Whether its program was started and has not answered. */
  get isAsked(): boolean {
    return this.#helper !== undefined && this.#sleep === undefined;
  }

  /** Called again and again. The helper is not awaited, and one that was refused is not tried again before a rest. */
  async want(isWanted: boolean): Promise<void> {
    if (!isWanted) return this.release();
    const { clock, supplies } = this.#options;
    const atMs = clock.monotonic();
    if (this.#wish !== undefined && atMs - this.#wish.lookedAtMs < LOOK_MS) return;
    this.#wish = { keep: this.#wish ? this.#wish.keep : await keepAwake(this.#options), lookedAtMs: atMs };
    if (this.#wish.keep === 'no') return;
    if (this.#wish.keep === undefined && (await isOnBattery(supplies).catch(() => false))) {
      this.#end();
      this.#sleep = notHeld('the machine runs on its battery, where only KEEP_AWAKE=yes does that');
    } else if (this.#helper === undefined) {
      const helper = new AbortController();
      this.#helper = helper;
      // One that was released since says nothing.
      void this.#hold(helper).catch((error: Error) => this.#helper === helper && this.#failed(error.message));
    }
  }

  release(): void {
    this.#end();
    this.#wish = undefined;
    this.#sleep = undefined;
  }

  #end(): void {
    this.#helper?.abort();
    this.#helper = undefined;
  }

  #failed(why: string): void {
    this.#sleep = notHeld(why);
  }

  async #hold(helper: AbortController): Promise<void> {
    const { env, clock } = this.#options;
    const isOurs = () => this.#helper === helper;
    for (const [program, args] of HOLDERS) {
      let isSilent = false;
      const answered = new AbortController();
      const giveUp = () => {
        isSilent = true;
        helper.abort();
      };
      void clock.sleep(ANSWER_MS, answered.signal).then(giveUp, () => undefined);
      let said = '';
      const output = (chunk: Uint8Array) => {
        said = `${said}${Buffer.from(chunk).toString('utf8')}`.slice(-2000);
        if (!said.startsWith('held') || !isOurs()) return;
        answered.abort();
        this.#sleep = HELD;
      };
      const input = { isInputOpen: true, timeoutMs: 'owner', output } as const;
      const options = { ...input, env: definedOnly(env), signal: helper.signal };
      const { notFound, exitCode } = await runCommand(program, [...args, ...WHILE_HELD], options);
      answered.abort();
      if (!isOurs()) return;
      if (notFound) continue;
      const words = saidBy(said.replace(/^held\n/, ''), env) || `it ended with status ${exitCode}`;
      return this.#failed(`${program}: ${isSilent ? `no answer in ${ANSWER_MS / 1000} s` : words}`);
    }
    this.#failed(`neither ${HOLDERS.map(([program]) => program).join(' nor ')} is on PATH`);
  }
}

const HELD: Sleep = { isHeld: true, text: 'Idle sleep is held off; a closed lid or a suspend is not.' };

function notHeld(why: string): Sleep {
  return {
    isHeld: false,
    text: `Idle sleep is not held off (${why}): a machine that sleeps pauses the session.`,
  };
}
