import type { ActionContext } from '../../../caller/context/context.ts';
import { listed, shownText } from '../../../kernel/text.ts';
import type { Project } from '../../../project/finding/open-project.ts';
import type { StartSessionInput } from './start-choices.ts';
import { type Brought, startSources } from './start-sources.ts';
import type { NewWork } from './work.ts';

/**
 * Copies the files that a chat has changed and not committed, if the person agrees. Otherwise they are left, and a
 * warning names them, as it does those that are unfit.
 */
export async function bringFiles(
  { work, bring }: Pick<StartSessionInput<NewWork>, 'work' | 'bring'>,
  project: Project,
  context: ActionContext,
): Promise<{ brought?: Brought; warnings: string[] }> {
  if (work.kind !== 'chat') return { warnings: [] };
  const source = startSources.items.find(({ kind }) => kind === work.kind);
  const { fit, unfit } = (await source?.changes?.(work, project, context)) ?? { fit: [], unfit: [] };
  const warnings = unfit.length === 0 ? [] : [`${begunWithout(unfit)} ${UNFIT}`];
  if (fit.length === 0) return { warnings };
  if (bring === undefined || !(await bring(fit))) return { warnings: [begunWithout(fit), ...warnings] };
  return { brought: await source?.copy?.(fit, project, context), warnings };
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
