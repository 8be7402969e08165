import { useActs } from '../../src/app/extensions/acts.ts';
import { useApplications } from '../../src/app/extensions/application.ts';
import { useForParents } from '../../src/app/extensions/parents.ts';
import { useProviders } from '../../src/app/extensions/providers.ts';
import { useSupervisorParts } from '../../src/app/extensions/supervisor.ts';
import { useSessionExtensions } from '../../src/app/extensions/worker.ts';
import { publishing } from '../../src/core/acts/finish/publishing.ts';
import { cloneApplications } from '../../src/core/acts/proof/clone-application.ts';
import { pullRequestsToVerify } from '../../src/core/acts/proof/pull-requests-to-verify.ts';
import { preparedFolders } from '../../src/core/acts/sessions/prepared-folders.ts';
import { startSources } from '../../src/core/acts/sessions/start/start-sources.ts';
import { furtherLines } from '../../src/core/acts/set-up/further-lines.ts';
import { furtherProviders } from '../../src/core/agents/registry.ts';
import { baseChecks } from '../../src/core/caller/context/base-checks-failed.ts';
import { poolActs } from '../../src/core/caller/context/pools.ts';
import { pullRequestRounds } from '../../src/core/caller/context/pull-request-rounds.ts';
import { furtherChecks } from '../../src/core/caller/refusals/check.ts';
import { mcpOverHttp } from '../../src/core/faces/http-sessions.ts';
import { chatPages } from '../../src/core/faces/mcp/chat-page.ts';
import { chatTasks } from '../../src/core/faces/mcp/chat-tasks.ts';
import type { Registry } from '../../src/core/kernel/registry.ts';
import { furtherSettings } from '../../src/core/project/settings/settings.ts';
import { supervisorParts } from '../../src/core/supervisor/part.ts';
import { sessionExtensions } from '../../src/core/worker/state/extension.ts';
import { HAS_EXTENSIONS } from './has-extensions.ts';

const REGISTRIES: readonly Pick<Registry<never>, 'handOver'>[] = [
  furtherProviders,
  furtherSettings,
  publishing,
  pullRequestsToVerify,
  baseChecks,
  startSources,
  preparedFolders,
  poolActs,
  pullRequestRounds,
  furtherChecks,
  furtherLines,
  mcpOverHttp,
  chatPages,
  chatTasks,
  supervisorParts,
  sessionExtensions,
  cloneApplications,
];

// As a main program does. Vitest runs this before each test file, and keeps modules from file to file.
let isDone = false;

export function handOver(): void {
  if (isDone) return;
  isDone = true;
  if (!HAS_EXTENSIONS) {
    handOverNothing();
    return;
  }
  useProviders();
  useActs();
  useForParents();
  useSupervisorParts();
  useSessionExtensions();
  useApplications();
}

/** As a build without extensions does. */
function handOverNothing(): void {
  for (const registry of REGISTRIES) registry.handOver([]);
}
