/** Document T's usage analytics: features, conversations, providers, proactive suggestions, sessions. */
import type { TelemetryCollector } from '../collector/collector.js';
import { newId } from '../collector/ids.js';

export interface UsageAnalyticsConfig {
  trackFeatures?: boolean;
  trackConversations?: boolean;
  trackProviders?: boolean;
  trackProactive?: boolean;
}

export interface FeatureStats {
  feature: string;
  uses: number;
  /** How often per action: `{ enabled: 3, clicked: 12 }`. */
  actions: Record<string, number>;
  firstUsedAt: number;
  lastUsedAt: number;
}

export interface ConversationStats {
  total: number;
  active: number;
  completed: number;
  messages: number;
  tokens: number;
  /** Of the conversations that ended. */
  completionRate: number;
  averageMessages: number;
  averageDurationMs: number;
}

export interface ProviderStats {
  provider: string;
  requests: number;
  failures: number;
  averageLatencyMs: number;
  tokens: number;
}

export interface ProactiveMetrics {
  shown: number;
  accepted: number;
  /** Accepted ÷ shown, 0–1. */
  acceptanceRate: number;
  averageResponseMs: number;
}

interface Conversation {
  startedAt: number;
  endedAt?: number;
  provider: string;
  messages: number;
  tokens: number;
  completed?: boolean;
}

const MAX_KEPT = 1_000;

export class UsageAnalytics {
  readonly #collector: TelemetryCollector;
  readonly #config: Required<UsageAnalyticsConfig>;
  readonly #features = new Map<string, FeatureStats>();
  readonly #conversations = new Map<string, Conversation>();
  readonly #providers = new Map<string, ProviderStats & { totalLatencyMs: number }>();
  readonly #suggestions = new Map<string, { responseMs?: number }>();
  #session: { id: string; startedAt: number } | undefined;

  constructor(collector: TelemetryCollector, config: UsageAnalyticsConfig = {}) {
    this.#collector = collector;
    this.#config = { trackFeatures: true, trackConversations: true, trackProviders: true, trackProactive: true, ...config };
  }

  trackFeature(feature: string, action: string, metadata: Record<string, unknown> = {}): void {
    if (!this.#config.trackFeatures) return;
    const now = Date.now();
    const stats = remember<FeatureStats>(this.#features, feature, () => ({ feature, uses: 0, actions: {}, firstUsedAt: now, lastUsedAt: now }));
    stats.uses++;
    stats.actions[action] = (stats.actions[action] ?? 0) + 1;
    stats.lastUsedAt = now;
    this.#collector.track({ type: 'feature_used', name: feature, action, metadata });
  }

  getFeatureAdoptionStats(): FeatureStats[] {
    return [...this.#features.values()].map((stats) => ({ ...stats, actions: { ...stats.actions } })).sort((a, b) => b.uses - a.uses);
  }

  startConversation(conversationId: string, provider: string): void {
    if (!this.#config.trackConversations) return;
    remember(this.#conversations, conversationId, () => ({ startedAt: Date.now(), provider, messages: 0, tokens: 0 }));
    this.#collector.track({ type: 'conversation_start', metadata: { conversationId, provider } });
  }

  trackMessage(conversationId: string, tokens: number, role: string): void {
    const conversation = this.#conversations.get(conversationId);
    if (!conversation) return;
    conversation.messages++;
    conversation.tokens += tokens;
    this.#collector.track({ type: 'conversation_message', metadata: { conversationId, role, tokens } });
  }

  endConversation(conversationId: string, completed = true): void {
    const conversation = this.#conversations.get(conversationId);
    if (!conversation || conversation.endedAt !== undefined) return;
    conversation.endedAt = Date.now();
    conversation.completed = completed;
    const { startedAt, endedAt, provider, messages, tokens } = conversation;
    const metadata = { conversationId, provider, completed, messages, tokens };
    this.#collector.track({ type: 'conversation_end', duration: endedAt - startedAt, metadata });
  }

  getConversationStats(): ConversationStats {
    const all = [...this.#conversations.values()];
    const ended = all.filter(({ endedAt }) => endedAt !== undefined);
    const completed = ended.filter((conversation) => conversation.completed).length;
    const messages = sum(all, (conversation) => conversation.messages);
    return {
      total: all.length,
      active: all.length - ended.length,
      completed,
      messages,
      tokens: sum(all, (conversation) => conversation.tokens),
      completionRate: ratio(completed, ended.length),
      averageMessages: ratio(messages, all.length),
      averageDurationMs: ratio(sum(ended, ({ startedAt, endedAt }) => endedAt! - startedAt), ended.length),
    };
  }

  trackProviderRequest(provider: string, latencyMs: number, success: boolean, tokens = 0): void {
    if (!this.#config.trackProviders) return;
    const stats = remember(this.#providers, provider, () => ({ provider, requests: 0, failures: 0, averageLatencyMs: 0, tokens: 0, totalLatencyMs: 0 }));
    stats.requests++;
    stats.failures += success ? 0 : 1;
    stats.tokens += tokens;
    stats.totalLatencyMs += latencyMs;
    this.#collector.track({ type: 'provider_request', name: provider, duration: latencyMs, metadata: { success, tokens } });
  }

  getProviderStats(): ProviderStats[] {
    return [...this.#providers.values()].map(({ totalLatencyMs, ...stats }) => ({
      ...stats,
      averageLatencyMs: ratio(totalLatencyMs, stats.requests),
    }));
  }

  trackProactiveSuggestion(suggestionId: string, metadata: Record<string, unknown> = {}): void {
    if (!this.#config.trackProactive) return;
    remember(this.#suggestions, suggestionId, () => ({}));
    this.#collector.track({ type: 'proactive_suggestion_shown', metadata: { suggestionId, ...metadata } });
  }

  trackProactiveAcceptance(suggestionId: string, responseMs: number): void {
    const suggestion = this.#suggestions.get(suggestionId);
    if (!suggestion || suggestion.responseMs !== undefined) return;
    suggestion.responseMs = responseMs;
    this.#collector.track({ type: 'proactive_suggestion_accepted', duration: responseMs, metadata: { suggestionId } });
  }

  getProactiveMetrics(): ProactiveMetrics {
    const accepted = [...this.#suggestions.values()].filter(({ responseMs }) => responseMs !== undefined);
    return {
      shown: this.#suggestions.size,
      accepted: accepted.length,
      acceptanceRate: ratio(accepted.length, this.#suggestions.size),
      averageResponseMs: ratio(sum(accepted, ({ responseMs }) => responseMs!), accepted.length),
    };
  }

  /** A session of the application's own making, such as a call or a lesson. The answer is its id. */
  startSession(metadata: Record<string, unknown> = {}): string {
    this.endSession();
    this.#session = { id: newId(), startedAt: Date.now() };
    this.#collector.track({ type: 'session_start', metadata: { usageSessionId: this.#session.id, ...metadata } });
    return this.#session.id;
  }

  endSession(): void {
    if (!this.#session) return;
    const { id, startedAt } = this.#session;
    this.#session = undefined;
    this.#collector.track({ type: 'session_end', duration: Date.now() - startedAt, metadata: { usageSessionId: id } });
  }

  destroy(): void {
    this.endSession();
    for (const kept of [this.#features, this.#conversations, this.#providers, this.#suggestions]) kept.clear();
  }
}

/** The entry of `key`, made when it is new; the oldest goes when there are too many. */
function remember<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const known = kept.get(key);
  if (known) return known;
  const entry = make();
  kept.set(key, entry);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!);
  return entry;
}

function sum<T>(items: T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function ratio(part: number, whole: number): number {
  return whole ? part / whole : 0;
}
