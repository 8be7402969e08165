import { listed, shownText } from '../../../kernel/text.ts';
import type { StartSessionInput } from './start-choices.ts';
import type { CopiedUncommitted, FilesOfWork } from './start-sources.ts';

/**
 * Copies the files that a chat has changed and not committed, if the person agrees. Otherwise they are left, and a
 * warning names them, as it does those that are unfit.
 */
export async function copyUncommitted(
  files: FilesOfWork,
  bring: StartSessionInput['bring'],
): Promise<{ brought?: CopiedUncommitted; warnings: string[] }> {
  const { fit, unfit } = await files.uncommitted();
  if (fit.length === 0) return { warnings: aboutUnfit(unfit) };
  if (bring === undefined || !(await bring(fit)))
    return { warnings: [begunWithout(fit), ...aboutUnfit(unfit)] };
  const copied = await files.copy(fit);
  return { brought: copied.brought, warnings: aboutUnfit([...unfit, ...copied.unfit]) };
}

function aboutUnfit(files: readonly string[]): string[] {
  return files.length === 0 ? [] : [`${begunWithout(files)} ${UNFIT}`];
}

const UNFIT =
  'Never copied are files whose names or texts suggest secrets, files that are large or in conflict, and links that leave the repository.';

function begunWithout(files: readonly string[]): string {
  return `The session begins without ${namedFiles(files)}, which the chat has changed and not committed. They stay in the main checkout as they are.`;
}

const MAX_NAMED = 10;

export function namedFiles(files: readonly string[]): string {
  return listed(files.map(shownText), MAX_NAMED);
}
