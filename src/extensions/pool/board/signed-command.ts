import * as z from 'zod';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import type { RemoteCommand, Ulid } from './board.ts';

const Signed = z.strictObject({ session: z.string(), id: z.string(), command: z.string() });

/** A signed text, and the member whose key signed it. */
export interface SignedText {
  text: string;
  person: string;
  machine: string;
}

/** The text of an act to sign. It names the session and the command, so that it counts nowhere else. */
export function textToSign(act: Pick<RemoteCommand, 'session' | 'id' | 'command'>): string {
  return JSON.stringify(act);
}

/** @returns undefined unless it was signed as that command for that session */
export function verifiedCommand(
  { text, ...by }: SignedText,
  { session, id }: { session: Ulid; id: Ulid },
): RemoteCommand | undefined {
  const { data } = Signed.safeParse(parseJson(text));
  return data?.session === session && data.id === id ? { ...data, ...by } : undefined;
}
