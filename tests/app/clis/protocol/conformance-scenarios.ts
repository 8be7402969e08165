/** A scenario of the official suite: whether the samocode server passes it, or why it does not apply. */
type Applies = 'passes' | { not: string };

const fixture = (what: string): Applies => ({ not: `it requires ${what} of the suite's example server` });
const NEWER: Applies = {
  not: 'it belongs to revision 2026-07-28, which our SDK does not implement; such clients fall back',
};
const EXTENSION: Applies = { not: 'it belongs to an extension that we do not implement' };
const NO_LOGGING: Applies = { not: 'we declare no logging: clients show stderr' };
const NO_SAMPLING: Applies = { not: 'we ask no client for its model' };

/** Every scenario for servers, in the suite's order. */
export const SCENARIOS: Readonly<Record<string, Applies>> = {
  'server-initialize': 'passes',
  'server-session-lifecycle': 'passes',
  'server-stateless': NEWER,
  'logging-set-level': NO_LOGGING,
  ping: 'passes',
  'completion-complete': 'passes',
  'tools-list': 'passes',
  'tools-call-simple-text': 'passes',
  'tools-call-image': { not: 'no tool of ours returns an image' },
  'tools-call-audio': { not: 'no tool of ours returns audio' },
  'tools-call-embedded-resource': { not: 'our tools name resources and embed none: some clients drop them' },
  'tools-call-mixed-content': { not: 'our results are one text: some clients drop the rest' },
  'tools-call-with-logging': NO_LOGGING,
  'tools-call-error': 'passes',
  'tools-call-with-progress': fixture('a tool with three steps'),
  'tools-call-sampling': NO_SAMPLING,
  'tools-call-elicitation': fixture('a tool with a form'),
  'json-schema-2020-12': fixture('a tool with every keyword'),
  'elicitation-sep1034-defaults': fixture('a tool with a form of every kind of field'),
  'server-sse-polling': { not: 'it is about resuming streams over HTTP; we speak stdio' },
  'server-sse-multiple-streams': 'passes',
  'elicitation-sep1330-enums': fixture('a tool with a form of every kind of choice'),
  'resources-list': 'passes',
  'resources-read-text': 'passes',
  'resources-read-binary': { not: 'no resource of ours is binary' },
  'resources-templates-read': fixture('a template that echoes its variable'),
  'resources-subscribe': 'passes',
  'resources-unsubscribe': 'passes',
  'sep-2164-resource-not-found': NEWER,
  'sep-2640-skills-directory': EXTENSION,
  'sep-2640-skills-enumeration': EXTENSION,
  'sep-2640-skills-manifest': EXTENSION,
  'prompts-list': 'passes',
  'prompts-get-simple': 'passes',
  'prompts-get-with-args': { not: 'our prompts take one argument at most, the rest of the line' },
  'prompts-get-embedded-resource': { not: 'our prompts are text' },
  'prompts-get-with-image': { not: 'our prompts are text' },
  'dns-rebinding-protection': 'passes',
  caching: NEWER,
  'http-header-validation': NEWER,
  'http-custom-header-server-validation': NEWER,
  'tasks-lifecycle': EXTENSION,
  'tasks-capability-negotiation': EXTENSION,
  'tasks-wire-fields': EXTENSION,
  'tasks-request-state-removal': EXTENSION,
  'tasks-mrtr-input': EXTENSION,
  'tasks-request-headers': EXTENSION,
  'tasks-dispatch-and-envelope': EXTENSION,
  'tasks-status-notifications': EXTENSION,
  'tasks-required-task-error': EXTENSION,
  'tasks-mrtr-composition': EXTENSION,
  'input-required-result-basic-elicitation': NEWER,
  'input-required-result-basic-sampling': NEWER,
  'input-required-result-basic-list-roots': NEWER,
  'input-required-result-request-state': NEWER,
  'input-required-result-multiple-input-requests': NEWER,
  'input-required-result-multi-round': NEWER,
  'input-required-result-missing-input-response': NEWER,
  'input-required-result-non-tool-request': NEWER,
  'input-required-result-result-type': NEWER,
  'input-required-result-unsupported-methods': NEWER,
  'input-required-result-tampered-state': NEWER,
  'input-required-result-capability-check': NEWER,
  'input-required-result-ignore-extra-params': NEWER,
  'input-required-result-validate-input': NEWER,
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
