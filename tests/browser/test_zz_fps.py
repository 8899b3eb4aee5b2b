import nbformat
SRC='''
import nbann, time, asyncio
net = nbann.Sequential([nbann.Dense(6, name="hidden"), nbann.ReLU(name="relu"), nbann.Dense(3, name="output")])
trainer = nbann.Trainer(net, nbann.datasets.iris().standardized(), batch_size=32)
widget = nbann.StepThrough(trainer, panels=["loss", "decision", "weights", "network"], unit="batch", speed=50.0)
log=[]
ch=widget._channels["panels"]
orig=ch.paint
def paint():
    n=ch._sent; t=time.perf_counter(); orig(); log.append((t, time.perf_counter()-t, ch._sent-n, ch._sent-ch._acknowledged))
ch.paint=paint
o2=widget._show
shows=[]
def show():
    t=time.perf_counter(); o2(); shows.append((t,time.perf_counter()-t))
widget._show=show
widget'''
def test_fps(lab_page):
    page=lab_page.page
    page.set_viewport_size({"width":1280,"height":2400})
    lab_page.open(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SRC)]))
    lab_page.run_all_cells()
    root=page.locator(".nbann-view").first; root.wait_for(); page.wait_for_timeout(2000)
    root.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(6000)
    root.get_by_role("button", name="Pause", exact=True).click()
    lab_page.run_code("""
import numpy as np
L=np.array(log); S=np.array(shows); S=S[len(S)//5:]; L=L[len(L)//5:]
print('paints',len(L),'sent',L[:,2].sum(),'per s', L[:,2].sum()/(L[-1,0]-L[0,0]),'paint ms median',np.median(L[L[:,2]>0,1])*1000,'inflight',np.bincount(L[:,3].astype(int)))
print('shows',len(S),len(S)/(S[-1,0]-S[0,0]),'ms',np.median(S[:,1])*1000, 'gap ms', np.median(np.diff(S[:,0])-S[:-1,1])*1000, 'pause', widget._pause)
""")
    print(page.evaluate("() => [...document.querySelectorAll('.jp-OutputArea-output')].at(-1).textContent"))
