"""What is changed in LiteLLM, why, and for which version. The only place where it is.

Every patch is for the pinned version of LiteLLM and no other; FREEROUTER_ENGINE_PATCHES=off runs
without any of them. Those of a request look at what they replace first: where its source is not
the one that the patch was written for, that patch alone is left out, and the log says so
(`target.py`; tests/process/test_patches.py then fails).

Of the start (`starting.py`; figures: benchmarks/gateway_start.py)

| patch | why |
|---|---|
| no plug-ins for pydantic | it would read the metadata of 119 packages |
| httpx is imported without its command line | it would bring rich, pygments and click |
| pydantic builds validators when first used | 3,000 models, few ever are |
| only routes of the gateway are registered | about 600 others need a database |
| stand-ins for `mcp` and `openai.types.beta` | only routes that are not served use them |
| modules of `late.py` are executed when something of them is used | most never are |
| a registered model is added to the index of prices | it was built anew, twice a deployment |
| a configuration is copied in one go | it was copied seven times, value by value |

Of many models (`listing.py`): each is described once in a list, searched for once when it is
registered, and matched against LiteLLM's rules for unknown models once; one that LiteLLM has no
prices of is known as such at a look (`surely_unknown`). With 3,000 models every
`GET /v1/models` took a second. And no start waits for huggingface.co to send each model's card.

Of a request (`admitting.py`, `serving.py`; figure: benchmarks/gateway_throughput.py). The share is
that of the CPU of a request which a profile of the unpatched worker shows for what is left out:

| patch | why | share |
|---|---|---|
| the gateway's own key is admitted at once | there are no teams and budgets to look up | 10% |
| the own key passes the limiter | it has no limits to be counted against | 4% |
| packages that are not installed stay so | each request tried to import them again | 8% |
| requests are built without a thread | nothing of it waits; two switches of thread | 4% |
| plain data is sent as it is | OpenAI's client walks all of it, and changes nothing | 4% |
| usage is counted where there are limits | it copied the model's record, twice, to find none | 3% |
| cost is not diagnosed where it is nothing | a warning that nobody asked for, twice | 3% |
| a deployment is checked once | it was built and validated anew, five times | 3% |
| what is known of a model is kept | an unknown one was searched for at every request | 2% |
| addresses are put together once | the same address at every request | 1% |
| settings are looked up where there is no database | each was resolved against one | 2% |
| callbacks are disabled where a header says so | each time it was worded for a log | 1% |
| an address that is given is taken | to find it, all parameters were checked | 1% |
| services are told where some listen | a report was made for nobody, twice | 1% |
| cookies are looked for where some are set | a cookie jar was asked at every answer | 1% |
| garbage is collected less often | every 20,000 new objects, not every 700 | 3% |

Of what happens where a model cannot answer (`falling_back.py`; figure: benchmarks/fallback.py):
another model is asked where one cannot answer; each once, those that rest last, and the client is
told at the end who failed, why, and when to come back. Without it LiteLLM goes through a group in
its own way, and says what the last one said. And who is known to have nothing left is not chosen:
without that it is chosen, refused before the call, and another is asked.

Where a provider passes over `stream: true`, its one JSON body is given out as a stream
(`streaming.py`): OpenAI's client found no event in it, and the client's stream was empty.

And one of a dialect: `count_tokens` on a provider of chat alone is answered by LiteLLM's own
estimate, without asking for the provider's `/responses/input_tokens` first, which is not there.
"""

from __future__ import annotations

import gc

from freerouter.process.patches import starting
from freerouter.process.patches.starting import SERVED, before_import, wanted
from freerouter.process.patches.target import apply_all

__all__ = ("SERVED", "after_import", "before_import", "wanted")

NEW_OBJECTS = (20_000, 20, 50)
"""After how many new objects, and collections of younger ones, garbage is looked for."""


def after_import() -> list[str]:
    """Patch LiteLLM itself; what was left out, in words."""
    from freerouter.process.patches import (
        admitting,
        falling_back,
        listing,
        serving,
        streaming,
    )

    starting.after_import()
    gc.set_threshold(*NEW_OBJECTS)
    modules = (admitting, listing, serving, falling_back, streaming)
    return apply_all(tuple(patch for module in modules for patch in module.PATCHES))
