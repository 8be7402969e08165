import type { FilesOfWork } from '../../../core/acts/sessions/start/start-sources.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { once } from '../../../core/kernel/once.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import type { FoundChat } from '../clients/chat.ts';
import { changesElsewhere } from './changes-elsewhere.ts';
import { type ChangeCollector, pathsInRepo } from './chat-changes.ts';
import { copyFiles } from './copy-files.ts';
import { keepCopies } from './first-commit.ts';
import { changedFiles } from './uncommitted-files.ts';

/** The files that a chat changed, from what was collected while it was read. */
export function filesOfChat(
  found: FoundChat,
  { changes, clean }: { changes: ChangeCollector; clean: (text: string) => string },
  { project, context }: { project: Project; context: ActionContext },
): FilesOfWork {
  const options = { cwd: project.mainRepo, baseEnv: context.env };
  const hasSecrets = (text: string) => clean(text) !== text;
  const paths = once(async () => await changes.paths(found));
  return {
    async uncommitted() {
      return await changedFiles(await pathsInRepo(await paths(), project.mainRepo), options, hasSecrets);
    },
    copy: async (files) => await copyFiles(files, options, hasSecrets),
    async keepCopies({ commit: copies }, sessionFolder) {
      const { mainRepo } = project;
      await keepCopies({ mainRepo, copies, sessionFolder, baseEnv: context.env });
    },
    elsewhere: async (base) => await changesElsewhere(await paths(), { project, base }, context),
  };
}
