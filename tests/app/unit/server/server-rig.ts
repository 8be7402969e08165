import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import {
  type ClientCapabilities,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { buildServer } from '../../../../src/app/server/build-server.ts';
import type { PromptChoice } from '../../../../src/app/server/prompts/prompts.ts';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { GATE_CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { CREATED, PREPARED, writeEvents } from '../../../core/unit/session/events.ts';
import { makeProject, type TempProject } from '../../../support/project.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';

/** A client and a server in this process, in a real project whose sessions have no worker. */
export interface ServerRig extends TempProject, AsyncDisposable {
  client: Client;
  /** URIs of `resources/updated`, in the order of arrival. */
  updated: string[];
  /** The number of `resources/list_changed`. */
  listChanges(): number;
  /** Writes the files of a session. */
  addSession(
    folder: string,
    events?: readonly NewEvent[],
    more?: { startMs?: number; group?: string },
  ): Promise<SessionPaths>;
  text(uri: string): Promise<string>;
}

export interface ServerRigPlan {
  /** No `.samocode`, and no known project on this machine. */
  bare?: boolean;
  clock?: Clock;
  clientName?: string;
  /** As with --read-only. */
  isReadOnly?: boolean;
  /** As with --no-prompts and --all-prompts. */
  prompts?: PromptChoice;
  /** What the client announces. */
  capabilities?: ClientCapabilities;
}

/** As a project without settings. */
const OPEN_TO_CHATS = { ...sessionFileSample().settings, gateChannels: [...GATE_CHANNELS] };

export async function makeServerRig(plan: ServerRigPlan = {}): Promise<ServerRig> {
  const { bare = false, clock = systemClock, clientName = 'rig' } = plan;
  const project = await makeProject({ bare, acting: { clock, by: { channel: 'tool' } } });
  const { repo, context, sessionsDir } = project;
  const { server } = buildServer({
    version: '0',
    isReadOnly: plan.isReadOnly ?? false,
    prompts: plan.prompts ?? 'sessions',
    loadActions: async () => context,
  });
  const client = new Client({ name: clientName, version: '1' }, { capabilities: plan.capabilities ?? {} });
  const updated: string[] = [];
  let listChanges = 0;
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    updated.push(params.uri);
  });
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => {
    listChanges += 1;
  });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  return {
    ...project,
    client,
    updated,
    listChanges: () => listChanges,
    async addSession(folder, events = [CREATED, PREPARED], { startMs, group } = {}) {
      const paths = sessionPaths(sessionsDir, folder);
      await writeEvents(paths, events, startMs, { mainRepo: repo.path, settings: OPEN_TO_CHATS, group });
      await repo.write({ [`_samocode/sessions/${folder}/_overview.md`]: `# Session: ${folder}\n` });
      return paths;
    },
    async text(uri) {
      const [content] = (await client.readResource({ uri })).contents;
      return content && 'text' in content ? content.text : '';
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await repo[Symbol.asyncDispose]();
    },
  };
}
