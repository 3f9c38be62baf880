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
  /** How many are kept. */
  most: number;
  add(crumb: Breadcrumb): void;
  list(): Breadcrumb[];
}

export function createTrail(): Trail {
  const crumbs: Breadcrumb[] = [];
  return {
    most: 50,
    add(crumb) {
      crumbs.push({ timestamp: Date.now(), ...crumb });
      if (crumbs.length > this.most) crumbs.shift();
    },
    list() {
      return crumbs.slice(-this.most);
    },
  };
}
