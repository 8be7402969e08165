import type { ActionContext } from '../../../caller/context/context.ts';
import { listed, shownText } from '../../../kernel/text.ts';
import type { Project } from '../../../project/finding/open-project.ts';
import type { StartSessionInput } from './start-choices.ts';
import { type Brought, startSources } from './start-sources.ts';
import type { NewWork } from './work.ts';

/**
 * Copies the files that a chat has changed and not committed, if the person agrees. Otherwise they are left, and a
 * warning names them.
 */
export async function bringFiles(
  { work, bring }: Pick<StartSessionInput<NewWork>, 'work' | 'bring'>,
  project: Project,
  context: ActionContext,
): Promise<{ brought?: Brought; warnings: string[] }> {
  if (work.kind !== 'chat') return { warnings: [] };
  const source = startSources.items.find(({ kind }) => kind === work.kind);
  const files = (await source?.changes?.(work, project, context)) ?? [];
  if (files.length === 0) return { warnings: [] };
  if (bring === undefined || !(await bring(files)))
    return {
      warnings: [
        `The session begins without ${namedFiles(files)}, which the chat has changed and not committed. They stay in the main checkout as they are.`,
      ],
    };
  return { brought: await source?.copy?.(files, project, context), warnings: [] };
}

const MAX_NAMED = 10;

export function namedFiles(files: readonly string[]): string {
  return listed(files.map(shownText), MAX_NAMED);
}
