import { metrics } from '@holdfast/browser';
import { Skeleton } from '@holdfast/react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { fetchJson } from './shop-api';

interface Good {
  id: number;
  name: string;
  liked: boolean;
}

export function Catalogue() {
  const { data, isPending } = useQuery({
    queryKey: ['goods'],
    queryFn: () => fetchJson<Good[]>('/shop-api/goods'),
    meta: { component: 'Catalogue' },
    staleTime: 60_000,
  });
  return (
    <Skeleton component="Catalogue" loading={isPending}>
      <h1>Goods</h1>
      <ul className="goods">
        {data?.map((good) => (
          <li key={good.id} className="card">
            <h2>{good.name}</h2>
            <LikeButton good={good} />
            <button onClick={() => metrics.recordUserAction('add_to_cart', { itemId: good.id })}>Add to cart</button>
          </li>
        ))}
      </ul>
    </Skeleton>
  );
}

/** An optimistic write with its rollback, as TanStack Query's own guide has it; nothing in it knows of telemetry. */
function LikeButton({ good }: { good: Good }) {
  const queries = useQueryClient();
  const like = useMutation({
    mutationKey: ['like'],
    meta: { component: 'LikeButton' },
    mutationFn: () => fetchJson(`/shop-api/goods/${good.id}/like`, { method: 'POST' }),
    onMutate: async () => {
      await queries.cancelQueries({ queryKey: ['goods'] });
      const before = queries.getQueryData<Good[]>(['goods']);
      queries.setQueryData<Good[]>(['goods'], (goods) => goods?.map((other) => (other.id === good.id ? { ...other, liked: true } : other)));
      return { before };
    },
    onError: (_error, _variables, context) => queries.setQueryData(['goods'], context?.before),
  });
  return (
    <button aria-pressed={good.liked} onClick={() => like.mutate()}>
      {good.liked ? 'Liked' : 'Like'}
    </button>
  );
}
