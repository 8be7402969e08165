import { createHmac, randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../../../core/kernel/clock.ts';
import { configFolder } from '../../../../core/kernel/config-folder.ts';
import { fingerprint } from '../../../../core/kernel/files/fingerprint.ts';
import { keptKey, randomKey } from '../../../../core/kernel/files/kept-key.ts';

/** `address`: part of a printed address; `digits`: six digits to type on another device. */
export type CodeKind = 'address' | 'digits';

const VALID_MS = 30_000;
const MAX_TRIES = 5;

/** The key with which a tab acts as the person; kept, so that tabs continue after a restart. */
export async function keptTabKey(home: string): Promise<string> {
  return await keptKey(join(configFolder(home), 'web-key'));
}

/**
 * Signs a word with the key, for one port. A program that takes the port of an ended server can neither sign it nor
 * forward the signature of the server at its next port.
 */
export function signWord(key: string, word: string, port: number | undefined): string {
  return createHmac('sha256', key)
    .update(`${port ?? 'socket'} ${word}`)
    .digest('base64url');
}

/** A word and its proof, which a tab compares before it sends its key again. */
export function newProof(key: string, port: number | undefined): string {
  const word = randomKey();
  return `${word} ${signWord(key, word, port)}`;
}

interface OpenCode {
  kind: CodeKind;
  hash: string;
  validUntil: number;
  wrongTries: number;
}

/** The codes for which a tab gets the key: each for 30 seconds and one use. Only the server knows them. */
export class OneTimeCodes {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #open: OpenCode[] = [];

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** New digits replace the earlier ones, so that a guess never has two to hit. */
  issue(kind: CodeKind): string {
    const text = kind === 'digits' ? String(randomInt(1_000_000)).padStart(6, '0') : randomKey();
    const others = this.#valid().filter((each) => kind === 'address' || each.kind === 'address');
    const validUntil = this.#clock.monotonic() + VALID_MS;
    this.#open = [...others, { kind, hash: fingerprint(text), validUntil, wrongTries: 0 }];
    return text;
  }

  /** Whether the code is valid; it is then used up. Wrong digits of every sender are counted here. */
  redeem(text: string): boolean {
    const hash = fingerprint(text);
    const valid = this.#valid();
    const isRight = valid.some((each) => each.hash === hash);
    if (!isRight && /^\d{6}$/.test(text)) for (const each of valid) each.wrongTries += 1;
    this.#open = valid.filter((each) => each.hash !== hash);
    return isRight;
  }

  /** Wrong tries do not end the code of an address: it cannot be guessed, and others could lock a person out. */
  #valid(): OpenCode[] {
    const now = this.#clock.monotonic();
    return this.#open.filter(
      ({ kind, validUntil, wrongTries }) =>
        now < validUntil && (kind === 'address' || wrongTries < MAX_TRIES),
    );
  }
}
