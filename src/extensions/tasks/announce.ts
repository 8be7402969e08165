import type { ChatTasks } from '../../core/faces/mcp/chat-tasks.ts';

export const CHAT_TASKS: readonly (() => Promise<ChatTasks>)[] = [
  async () => (await import('./chat-tasks.ts')).newChatTasks(),
];
