/** Something a reader met that is not as it should be; the reading goes on without it. */
export interface DocumentProblem {
  /** Stable snake_case name that programs may branch on. */
  name: string;
  /** One sentence for people. */
  text: string;
}
