import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../core/kernel/clock.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { ifThere, systemErrorCode } from '../../../core/kernel/errors.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';

/** `address`: part of a printed address; `digits`: six digits to type on another device. */
export type CodeKind = 'address' | 'digits';

const VALID_MS = 30_000;
const MAX_TRIES = 5;
const KEY = /^[\w-]{32}$/;

const newKey = () => randomBytes(24).toString('base64url');

/**
 * The key with which a tab acts as the person. It is stored in the folder that the guard hides from agents, so that
 * tabs continue after a restart; if that folder cannot be written, the key is valid for this run only.
 */
export async function keptKey(home: string): Promise<string> {
  const path = join(configFolder(home), 'web-key');
  const made = newKey();
  try {
    const kept = ifThere(() => readFileSync(path, 'utf8'))?.trim() ?? '';
    if (KEY.test(kept)) return kept;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeWhole(path, `${made}\n`, 0o600);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
  return made;
}

/** A key that ends with its server. */
export const passingKey = newKey;

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
  const word = newKey();
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
    const text = kind === 'digits' ? String(randomInt(1_000_000)).padStart(6, '0') : newKey();
    const others = this.#valid().filter((each) => kind === 'address' || each.kind === 'address');
    const validUntil = this.#clock.monotonic() + VALID_MS;
    this.#open = [...others, { kind, hash: fingerprint(text), validUntil, wrongTries: 0 }];
    return text;
  }

  /** Whether the code is valid; it is then used up. Wrong digits of every sender are counted here. */
  take(text: string): boolean {
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
