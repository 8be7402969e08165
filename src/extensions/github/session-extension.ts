import type { SessionExtension } from '../../core/worker/core/session-extension.ts';
import { publish } from './worker/ask-publish.ts';
import { performPublish, publishFailed, publishStopped } from './worker/publish.ts';
import { pullRequest } from './worker/pull-request.ts';
import { round } from './worker/round.ts';

const github: SessionExtension = {
  commands: { publish, pull_request: pullRequest, round },
  performers: { publish: { perform: performPublish, failed: publishFailed, stopped: publishStopped } },
};

export const GITHUB_SESSION_EXTENSIONS: readonly SessionExtension[] = [github];
