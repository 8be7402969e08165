import type { StartSource } from '../../core/acts/sessions/start/start-sources.ts';
import type { ChatWork } from '../../core/acts/sessions/start/work.ts';

/** The chats that a session may continue. Their modules are loaded only when one is used. */
export const CHAT_START_SOURCES: readonly StartSource<ChatWork>[] = [
  {
    kind: 'chat',
    async resolve(work, project, context) {
      const { resolveChat } = await import('./resolve-chat.ts');
      return await resolveChat(work, project, context);
    },
    async changes(work, project, context) {
      const { chatChanges } = await import('./chat-changes.ts');
      const { changedFiles } = await import('./bring/uncommitted-files.ts');
      const { secretValues } = await import('./document/secret-values.ts');
      const { secretFilter } = await import('./document/secrets.ts');
      const changed = await chatChanges(work, project, context);
      const clean = secretFilter(await secretValues(project, context));
      const options = { cwd: project.mainRepo, baseEnv: context.env };
      return await changedFiles(changed, options, (text) => clean(text) !== text);
    },
    async copy(files, project, context) {
      const { copyFiles } = await import('./bring/copy-files.ts');
      return await copyFiles(files, { cwd: project.mainRepo, baseEnv: context.env });
    },
    async elsewhere(work, place, context) {
      const { changesElsewhere } = await import('./changes-elsewhere.ts');
      return await changesElsewhere(work, place, context);
    },
  },
];
