import type { TokenCounts } from '../contract/provider.ts';
import { NO_TOKENS } from '../reading/tokens.ts';

/** So many answers may be told line by line at the same time; agents that work side by side are far fewer. */
const MAX_ANSWERS = 500;
const CHARACTERS_PER_TOKEN = 4;

interface Answer {
  characters: number;
  counted: TokenCounts;
}

/**
 * What answers of Claude Code have cost, as their lines come. Each block of an answer is a line of its own that
 * carries the usage of the whole as it was when the answer began: its output is counted then by its length.
 */
export class ClaudeAnswers {
  readonly #answers = new Map<string, Answer>();

  /**
   * @param characters the length of what this line adds to the answer
   * @returns what is to be counted beside what its earlier lines gave; undefined when that is nothing
   */
  note(id: string, told: TokenCounts, characters: number): TokenCounts | undefined {
    const known = this.#answers.get(id);
    const before = known ?? { characters: 0, counted: NO_TOKENS };
    const length = before.characters + characters;
    const spoken = Math.ceil(length / CHARACTERS_PER_TOKEN);
    const counted = {
      input: Math.max(before.counted.input, told.input),
      output: Math.max(before.counted.output, told.output, spoken),
      cached: Math.max(before.counted.cached, told.cached),
    };
    this.#keep(id, { characters: length, counted });
    const more = {
      input: counted.input - before.counted.input,
      output: counted.output - before.counted.output,
      cached: counted.cached - before.counted.cached,
    };
    return known === undefined || more.input + more.output + more.cached > 0 ? more : undefined;
  }

  /** The one that was quiet for longest gives way. */
  #keep(id: string, answer: Answer): void {
    this.#answers.delete(id);
    this.#answers.set(id, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
  }
}
