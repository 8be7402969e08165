import { machineSetting } from '../../project/finding/machine-setting.ts';
import { type WatchOverOptions, watchOver } from '../../sandbox/programs/launch-supervisor.ts';
import {
  isOff,
  readPresence,
  type SupervisorPaths,
  supervisorPaths,
} from '../../sandbox/programs/supervisor-folder.ts';
import type { SlotLimits } from '../../session/folder/slots.ts';

/** Interval of the check while an agent runs. */
const CHECK_MS = 60_000;

/** A worker's view of the supervisor; ensures that one watches the work that the worker leaves behind. */
export class SupervisorClient {
  readonly paths: SupervisorPaths;
  readonly home: string;
  readonly #options: WatchOverOptions;
  #checkAtMs: number;

  constructor(options: WatchOverOptions) {
    this.paths = supervisorPaths(options.home, options.host);
    this.home = options.home;
    this.#options = options;
    this.#checkAtMs = options.clock.monotonic() + CHECK_MS;
  }

  get identity(): string {
    return this.paths.identity;
  }

  async isRunning(): Promise<boolean> {
    const { env, host } = this.#options;
    return !isOff(env) && (await readPresence(this.paths, host)).kind === 'watching';
  }

  /** Hands over a session that is parked, limited or queued, or that frees a slot for another session. */
  async handOver(sessionsDir: string): Promise<void> {
    await watchOver({ ...this.#options, sessionsDir });
  }

  /** Called while an agent runs, which can take hours: replaces a killed supervisor within a minute. */
  async ensureRunning(sessionsDir: string): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonic() < this.#checkAtMs) return;
    this.#checkAtMs = clock.monotonic() + CHECK_MS;
    if (!(await this.isRunning())) await this.handOver(sessionsDir);
  }

  /** The slots of the machine, according to its current limit. */
  readonly machineSlots: SlotLimits['machine'] = async () => {
    const machine = { env: this.#options.env, home: this.home };
    const count = await machineSetting('maxParallelOnMachine', machine).catch(() => undefined);
    return count === undefined ? undefined : { dir: this.paths.slots, count };
  };
}
