import type { SessionExtension } from '../../core/worker/state/extension.ts';
import { waitIfOutside } from './worker/outside-scope.ts';
import { performPublish, publish, publishFailed, publishStopped } from './worker/publish.ts';
import { pullRequest } from './worker/pull-request.ts';
import { round } from './worker/round.ts';
import { roundSection } from './worker/round-section.ts';

const github: SessionExtension = {
  commands: { publish, pull_request: pullRequest, round },
  performers: { publish: { perform: performPublish, failed: publishFailed, stopped: publishStopped } },
  promptSection: roundSection,
  outsideScope: waitIfOutside,
};

export const GITHUB_SESSION_EXTENSIONS: readonly SessionExtension[] = [github];
