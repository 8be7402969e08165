import type { FilesOfWork } from '../../../core/acts/sessions/start/start-sources.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { once } from '../../../core/kernel/once.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import type { FoundChat } from '../clients/chat.ts';
import { type ChangeCollector, pathsInRepo } from './chat-changes.ts';

/** The files that a chat changed, from what was collected while it was read. Their modules are loaded when they are asked for. */
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
      const { changedFiles } = await import('./uncommitted-files.ts');
      const changed = await pathsInRepo(await paths(), project.mainRepo);
      return await changedFiles(changed, options, hasSecrets);
    },
    async copy(files) {
      const { copyFiles } = await import('./copy-files.ts');
      return await copyFiles(files, options, hasSecrets);
    },
    async keepCopies({ commit: copies }, sessionFolder) {
      const { keepCopies } = await import('./first-commit.ts');
      const { mainRepo } = project;
      await keepCopies({ mainRepo, copies, sessionFolder, baseEnv: context.env });
    },
    async elsewhere(base) {
      const { changesElsewhere } = await import('./changes-elsewhere.ts');
      return await changesElsewhere(await paths(), { project, base }, context);
    },
  };
}
