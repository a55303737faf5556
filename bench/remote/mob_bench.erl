%% Calls between two Erlang nodes, as remote-calls.ts makes them between two of Mob's: a gen_server that
%% echoes, and as many processes as there are calls outstanding. The client reads "OUTSTANDING CALLS"
%% a line, and writes the milliseconds that it took.
-module(mob_bench).
-behaviour(gen_server).
-export([serve/0, ask/0, init/1, handle_call/3, handle_cast/2]).

serve() ->
    {ok, _} = gen_server:start({local, echo}, ?MODULE, [], []),
    io:format("ready~n").

init([]) -> {ok, []}.
handle_call(Text, _From, State) -> {reply, Text, State}.
handle_cast(_, State) -> {noreply, State}.

ask() ->
    [_, Host] = string:split(atom_to_list(node()), "@"),
    Server = {echo, list_to_atom("server@" ++ Host)},
    loop(Server).

loop(Server) ->
    case io:fread("", "~d ~d") of
        {ok, [Outstanding, Calls]} ->
            {Micros, ok} = timer:tc(fun() -> round(Server, Outstanding, Calls) end),
            io:format("~p~n", [Micros / 1000]),
            loop(Server);
        _ ->
            halt()
    end.

round(Server, Outstanding, Calls) ->
    Each = Calls div Outstanding,
    Workers = [spawn_monitor(fun() -> call(Server, Each) end) || _ <- lists:seq(1, Outstanding)],
    [receive {'DOWN', Ref, process, Pid, normal} -> ok end || {Pid, Ref} <- Workers],
    ok.

call(_, 0) -> ok;
call(Server, N) ->
    <<"hello, other node">> = gen_server:call(Server, <<"hello, other node">>, 30000),
    call(Server, N - 1).
