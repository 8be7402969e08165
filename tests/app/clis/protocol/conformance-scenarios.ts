/** Revisions of the protocol. */
export const REVISIONS = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof REVISIONS)[number];

/**
 * A scenario of the official suite: in which revisions the samocode server passes it, or why it does not apply. `tasks`: on
 * stdio alone, in the newer revision.
 */
type Applies = Revision | 'both' | 'tasks' | { not: string };

const fixture = (what: string): Applies => ({ not: `it requires ${what} of the suite's example server` });
const EXTENSION: Applies = { not: 'it belongs to an extension that we do not implement' };
const NO_LOGGING: Applies = { not: 'we declare no logging: clients show stderr' };
const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';
const NO_SAMPLING: Applies = { not: 'we ask no client for its model' };

/** Every scenario for servers, in the suite's order. */
export const SCENARIOS: Readonly<Record<string, Applies>> = {
  'server-initialize': LEGACY,
  'server-session-lifecycle': LEGACY,
  'server-stateless': MODERN,
  'logging-set-level': NO_LOGGING,
  ping: LEGACY,
  'completion-complete': 'both',
  'tools-list': 'both',
  'tools-call-simple-text': 'both',
  'tools-call-image': { not: 'no tool of ours returns an image' },
  'tools-call-audio': { not: 'no tool of ours returns audio' },
  'tools-call-embedded-resource': { not: 'our tools name resources and embed none: some clients drop them' },
  'tools-call-mixed-content': { not: 'our results are one text: some clients drop the rest' },
  'tools-call-with-logging': NO_LOGGING,
  'tools-call-error': 'both',
  'tools-call-with-progress': fixture('a tool with three steps'),
  'tools-call-sampling': NO_SAMPLING,
  'tools-call-elicitation': fixture('a tool with a form'),
  'json-schema-2020-12': fixture('a tool with every keyword'),
  'elicitation-sep1034-defaults': fixture('a tool with a form of every kind of field'),
  'server-sse-polling': { not: 'it is about resuming streams, which we do not offer' },
  'server-sse-multiple-streams': 'both',
  'elicitation-sep1330-enums': fixture('a tool with a form of every kind of choice'),
  'resources-list': 'both',
  'resources-read-text': 'both',
  'resources-read-binary': { not: 'no resource of ours is binary' },
  'resources-templates-read': fixture('a template that echoes its variable'),
  'resources-subscribe': LEGACY,
  'resources-unsubscribe': LEGACY,
  'sep-2164-resource-not-found': MODERN,
  'sep-2640-skills-directory': EXTENSION,
  'sep-2640-skills-enumeration': EXTENSION,
  'sep-2640-skills-manifest': EXTENSION,
  'prompts-list': 'both',
  'prompts-get-simple': 'both',
  'prompts-get-with-args': { not: 'our prompts take one argument at most, the rest of the line' },
  'prompts-get-embedded-resource': { not: 'our prompts are text' },
  'prompts-get-with-image': { not: 'our prompts are text' },
  'dns-rebinding-protection': LEGACY,
  caching: MODERN,
  'http-header-validation': MODERN,
  'http-custom-header-server-validation': { not: 'no argument of our tools is sent as a header' },
  'tasks-lifecycle': { not: 'a wait ends with no error; all its other checks pass' },
  'tasks-capability-negotiation': 'tasks',
  'tasks-wire-fields': 'tasks',
  'tasks-request-state-removal': 'tasks',
  'tasks-mrtr-input': fixture('a tool with several forms at once'),
  'tasks-request-headers': { not: 'it is about HTTP, where we offer no tasks' },
  'tasks-dispatch-and-envelope': 'tasks',
  'tasks-status-notifications': { not: 'the suite skips it' },
  'tasks-required-task-error': { not: 'no tool of ours needs a task' },
  'tasks-mrtr-composition': fixture('a tool that asks before it becomes a task'),
  'input-required-result-basic-elicitation': fixture('a tool or prompt that asks'),
  'input-required-result-basic-sampling': NO_SAMPLING,
  'input-required-result-basic-list-roots': fixture('a tool or prompt that asks'),
  'input-required-result-request-state': fixture('a tool or prompt that asks'),
  'input-required-result-multiple-input-requests': fixture('a tool or prompt that asks'),
  'input-required-result-multi-round': fixture('a tool or prompt that asks'),
  'input-required-result-missing-input-response': fixture('a tool or prompt that asks'),
  'input-required-result-non-tool-request': fixture('a tool or prompt that asks'),
  'input-required-result-result-type': fixture('a tool or prompt that asks'),
  'input-required-result-unsupported-methods': MODERN,
  'input-required-result-tampered-state': fixture('a tool or prompt that asks'),
  'input-required-result-capability-check': fixture('a tool or prompt that asks'),
  'input-required-result-ignore-extra-params': fixture('a tool or prompt that asks'),
  'input-required-result-validate-input': fixture('a tool or prompt that asks'),
};

/** Names that the suite uses with its example server, and their replacements for samocode's. */
export const REPLACEMENTS: Readonly<Record<string, string>> = {
  'test://watched-resource': 'samocode://sessions',
  'test://static-text': 'samocode://sessions',
  test_simple_prompt: 'morning_report',
  test_prompt_with_arguments: 'review_plan',
  test_simple_text: 'list_sessions',
  // Without its MCP session it fails.
  test_error_handling: 'get_status',
};
