import type { Clock } from '../../kernel/clock.ts';
import { stopwatch } from '../../kernel/durations.ts';
import { type Phase, phasesOf, type Way } from '../../kernel/phases/table.ts';
import { cutToColumns, hanging } from './columns.ts';
import type { Output } from './output.ts';
import { fitLine, type Style } from './style.ts';

export interface FollowProgress {
  session: string;
  phase: Phase;
  way?: Way;
  /** The number of the running agent; undefined if none is running. */
  iteration: number | undefined;
  /** `running`, `waiting`, … */
  state: string;
  doing?: string;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;

/** Shows a session's progress on the terminal: a live block, or a line per change if that is not possible. */
export class ProgressView implements Disposable {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #progress: FollowProgress | undefined;
  #printed = '';
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param startedMs monotonic time from which the stopwatch counts */
  constructor(output: Output, clock: Clock, startedMs = clock.monotonic()) {
    this.#output = output;
    this.#clock = clock;
    this.#startedMs = startedMs;
  }

  show(progress: FollowProgress): void {
    this.#progress = progress;
    if (!this.#output.isLive) {
      this.#printChange(progress);
      return;
    }
    this.#timer ??= setInterval(() => this.#draw(), FRAME_MS).unref();
    this.#draw();
  }

  /** Prints a permanent line above the block. */
  note(text: string): void {
    const { dim } = this.#output.style;
    const first = `${dim(this.#elapsed().padStart(6))}  `;
    this.#output.say(hanging(text, { first, columns: this.#output.textColumns }));
    if (this.#timer) this.#draw();
  }

  /** Removes the block until the next `show`. */
  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#output.endLive();
  }

  [Symbol.dispose](): void {
    this.pause();
  }

  #draw(): void {
    if (this.#progress === undefined) return;
    const { style, columns } = this.#output;
    const { session, phase, way, iteration, state, doing } = this.#progress;
    this.#frame += 1;
    const frame = style.accent(FRAMES[this.#frame % FRAMES.length] ?? '');
    const head = [
      style.bold(session),
      ...(iteration === undefined ? [] : [style.dim(`agent ${iteration}`)]),
      style.dim(this.#elapsed()),
    ];
    this.#output.live(
      [
        '',
        phaseLine({ phase, way, isDone: state === 'done', columns, style }),
        `${frame} ${head.join(style.dim(' · '))}${doing ? `${style.dim(' · ')}${fitLine(doing)}` : ''}`,
      ],
      cutToColumns,
    );
  }

  #printChange({ phase, iteration, state, doing }: FollowProgress): void {
    // The agent's activity changes too often to print a line for each.
    const isRunning = state === 'running';
    if (isRunning && iteration === undefined) return;
    const line = isRunning
      ? `${phase}: agent ${iteration} works`
      : `${state}${doing ? `: ${fitLine(doing)}` : ''}`;
    if (line === this.#printed) return;
    this.#printed = line;
    this.note(line);
  }

  #elapsed(): string {
    return stopwatch(this.#clock.monotonic() - this.#startedMs);
  }
}

export interface PhaseLineOptions {
  phase: Phase;
  way?: Way;
  isDone: boolean;
  columns: number;
  style: Style;
}

const ARROW = ' ▸ ';

/** `✔ init ▸ ✔ investigation ▸ ● requirements ▸ planning …`; finished phases are shortened if there is little room. */
export function phaseLine({ phase, way, isDone, columns, style }: PhaseLineOptions): string {
  const phases = phasesOf(way, phase);
  const current = isDone ? phases.length : phases.indexOf(phase);
  const { length } = phases.map((name, index) => (index <= current ? `✔ ${name}` : name)).join(ARROW);
  const shrinks = length >= columns;
  const parts = phases.map((name, index) => {
    if (index < current) return style.good(shrinks ? '✔' : `✔ ${name}`);
    return index === current ? style.bold(style.accent(`● ${name}`)) : style.dim(name);
  });
  if (!shrinks) return parts.join(style.dim(ARROW));
  const finished = parts.slice(0, current).join('');
  const rest = parts.slice(current).join(style.dim(ARROW));
  return finished && rest ? `${finished}${style.dim(ARROW)}${rest}` : finished || rest;
}
