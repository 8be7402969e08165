import { extensions } from '../../core/kernel/extension.ts';
import { APPLICATION } from '../../extensions/application/extension.ts';
import { AWAKE } from '../../extensions/awake/extension.ts';
import { CHATS } from '../../extensions/chats/extension.ts';
import { GITHUB } from '../../extensions/github/extension.ts';
import { HELD } from '../../extensions/held/extension.ts';
import { IMPORT } from '../../extensions/import/extension.ts';
import { NOTIFY } from '../../extensions/notify/extension.ts';
import { OVERLAP } from '../../extensions/overlap/extension.ts';
import { POOL } from '../../extensions/pool/extension.ts';
import { TASKS } from '../../extensions/tasks/extension.ts';

/** For the server and the terminal. */
export function useExtensions(): void {
  extensions.handOver([NOTIFY, AWAKE, POOL, APPLICATION, GITHUB, CHATS, IMPORT, TASKS, OVERLAP, HELD]);
}
