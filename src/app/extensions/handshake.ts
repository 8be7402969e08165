import { TASKS } from '../../extensions/tasks/extension.ts';

/** Whether this build has tasks, which a handshake says; it does not wait until the extensions are loaded. */
export const HAS_TASKS = 'newChatTasks' in TASKS;
