import type { Extension } from '../../core/kernel/extension.ts';

export const TASKS: Extension = {
  newChatTasks: async () => (await import('./chat-tasks.ts')).newChatTasks(),
};
