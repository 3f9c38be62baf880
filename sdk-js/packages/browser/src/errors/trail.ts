/** The breadcrumbs: the last things that happened before an error, oldest first. */

export interface Breadcrumb {
  /** `navigation`, `ui.click`, `http`, `console`, or the application's own word. */
  category: string;
  message: string;
  /** `info` when left out. */
  level?: 'debug' | 'info' | 'warning' | 'error' | undefined;
  /** Epoch milliseconds. */
  timestamp?: number;
  data?: Record<string, unknown>;
}

export interface Trail {
  add(crumb: Breadcrumb): void;
  /**
   * How many are kept.
   * @internal
   */
  most: number;
  /** @internal */
  list(): Breadcrumb[];
}

export function createTrail(): Trail {
  const crumbs: Breadcrumb[] = [];
  return {
    most: 50,
    add(crumb) {
      crumbs.push({ timestamp: Date.now(), ...crumb });
      crumbs.splice(0, crumbs.length - this.most);
    },
    list: () => crumbs,
  };
}
