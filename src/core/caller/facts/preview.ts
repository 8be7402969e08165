import type { SamocodeError } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { ACTION_ERRORS } from '../errors/action-errors.ts';

/**
 * The effect of an act that has not been carried out, or the error that the act would throw. The sentences are ours
 * and contain names from the files.
 */
export interface Preview {
  view: SessionView;
  would: readonly string[];
  /** In Markdown. */
  text?: string;
  /** Whether the pull request will be watched; absent if it cannot be. */
  watch?: boolean;
  /** Whoever asks for a confirmation throws it: an act that was refused a moment ago was never agreed to. */
  refusal?: SamocodeError | undefined;
  /** What the act has to be given to be carried out. */
  hash: string;
}

/** @param binds what a confirmation agrees to, if that is not all that the preview says */
export function previewOf(
  preview: Omit<Preview, 'hash'>,
  binds: readonly unknown[] = preview.would,
): Preview {
  return { ...preview, hash: fingerprint(JSON.stringify(binds)).slice(0, 12) };
}

/** @param shown the hash of the preview that was agreed to @throws unless the act would still do just that */
export function requireShown({ view: { folder: session }, hash }: Preview, shown: string | undefined): void {
  if (shown === undefined) throw ACTION_ERRORS.not_shown({ session });
  if (shown.trim() !== hash) throw ACTION_ERRORS.preview_changed({ session });
}

export function inTheWay({ refusal }: Pick<Preview, 'refusal'>): string[] {
  return refusal ? [`${refusal.why} ${refusal.hint}`.trim()] : [];
}
