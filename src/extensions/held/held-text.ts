import { counted } from '../../core/kernel/text.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';
import { type HeldRecord, readHeld } from './held-file.ts';

export async function heldTextOf({ paths, folder }: SessionView): Promise<string | undefined> {
  const record = (await readHeld(paths.sessionsDir)).sessions[folder];
  return record && heldText(record);
}

/** Counts, and does not judge: a commit that changes lines may be their next feature. */
export function heldText(record: HeldRecord): string {
  const { changedBy, revertedBy, stopped, to, isFetched } = record;
  const until = `${to.slice(0, 10)}${isFetched ? ' (last fetch)' : ''}`;
  const found = [
    ...(revertedBy.length > 0 ? [`reverted by ${shortIds(revertedBy)}`] : []),
    ...(changedBy.length > 0
      ? [`changed afterwards by ${counted(changedBy.length, 'commit')}: ${shortIds(changedBy)}`]
      : []),
  ];
  if (stopped === 'lost') return [...found, 'cannot be followed'].join(', ');
  if (found.length === 0 && !isCounted(record))
    return stopped === 'limit' ? 'not followed further' : 'nothing was fetched since the merge';
  const held = found.length === 0 ? `held to ${until}` : `${found.join(', ')}, as of ${until}`;
  return stopped === 'limit' ? `${held}, not followed further` : held;
}

/** Whether something is known of the time after the merge. */
function isCounted({ since, to }: HeldRecord): boolean {
  return since !== undefined && to > since;
}

/** Undefined if it is not known. */
export function hasHeld(record: HeldRecord): boolean | undefined {
  if (record.changedBy.length > 0 || record.revertedBy.length > 0) return false;
  return record.stopped === undefined && isCounted(record) ? true : undefined;
}

const IDS_SHOWN = 5;

function shortIds(commits: readonly string[]): string {
  const shown = commits.slice(0, IDS_SHOWN).map((commit) => commit.slice(0, 7));
  return `${shown.join(' ')}${commits.length > IDS_SHOWN ? ' …' : ''}`;
}
