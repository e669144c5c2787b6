"""One function per route: composition only. Before it: views. After it: the route table in web.app."""
